"""`python -m esr_torch.export`."""

from .cli import main

if __name__ == "__main__":
    main()
