"""What docs/ holds that is made from the code: reference pages, the table of the mission, figures."""
