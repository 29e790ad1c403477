"""What is checked: a function for each rule, from what is checked and its surroundings to findings."""
