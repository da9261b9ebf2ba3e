"""The science of the laboratory: specifications, mechanisms and the engine that trains them."""
