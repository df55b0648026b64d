"""GridRobot: a robot walks to its goal on a grid with obstacles."""
