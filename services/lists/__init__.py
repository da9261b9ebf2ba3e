"""Lists of runs: filters, words, orders, and the page that a cursor continues."""
