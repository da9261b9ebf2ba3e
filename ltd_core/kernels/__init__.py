"""Machine code for the recurrences, made for the machine and shape at hand by LLVM: no compiler to install."""
