"""One step of a recurrence as formulas: differentiated here, computed by kernels or by tensor operations."""
