"""
A stand-in for Slack: Web API, signed deliveries, Socket Mode, and a page to sit at.

It refuses what Slack refuses, so that what works here works there. `state.py` has the
world, `app.py` the server, `serve.py` a way to run it inside another program.
"""
