"""
What the calendar says: opening hours, freezes, the rota, and moments people type.

Pure: every moment is handed in and no clock is read. Moments are aware; what a zone's
wall clock shows at a moment is asked of the IANA database. Imports nothing of the
catalog, whose files are made of these shapes.
"""
