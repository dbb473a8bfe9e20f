"""The referee: rules that read a plan or a result and say what a reviewer will ask."""
