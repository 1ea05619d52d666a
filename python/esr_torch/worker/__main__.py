"""`python -m esr_torch.worker`."""

from . import main

if __name__ == "__main__":
    main()
