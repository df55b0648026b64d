"""robot_team: robots walk to their goals on one grid, in each other's way."""
