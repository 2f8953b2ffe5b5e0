"""What SQLAlchemy has by itself, for comparison."""
