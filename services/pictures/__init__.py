"""Pictures of runs: what a specification declares, filled with stored numbers, as figures that Plotly draws."""
