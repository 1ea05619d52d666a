"""A neighbour that test_demo.py imports."""
