"""What can be measured of a picture that a person has a word for, and where a sample stands in its class."""
