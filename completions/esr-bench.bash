# Loaded by bash-completion when esr-bench is completed for the first time.
source <(esr-bench completions bash)
