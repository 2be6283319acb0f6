"""
The composition root: settings become adapters, adapters become what the flow is handed.

The only package that knows both sides. Nothing is built, read or connected at import;
and each part imports what it joins and no more, so that the command line and a worker
that is born again begin at once.
"""
