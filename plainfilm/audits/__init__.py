"""What leaks in a data set, and what tells its classes apart without the lungs."""
