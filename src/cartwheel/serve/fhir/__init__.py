"""FHIR R4: what a hospital sends and what is sent to it; loaded where a ward is open."""
