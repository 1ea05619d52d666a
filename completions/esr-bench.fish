# Loaded by fish when esr-bench is completed for the first time.
esr-bench completions fish | source
