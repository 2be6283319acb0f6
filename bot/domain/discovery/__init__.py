"""What a client has that its inventory does not say yet, and the text that says it."""
