"""A GitLab stand-in: REST v4 over real bare repositories, hooks, a real runner."""
