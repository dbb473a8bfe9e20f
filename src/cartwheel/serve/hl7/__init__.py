"""HL7 version 2 over MLLP: messages read, taken in and acknowledged."""
