"""Machine code for the recurrences, made for the machine and the shape at hand by LLVM (through llvmlite): no compiler to install."""
