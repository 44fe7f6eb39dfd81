include $(sort $(wildcard tests/*/rules.mk))
