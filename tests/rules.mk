# Before the suites' own rules, which use it at once.
UT_SAN := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

include $(sort $(wildcard tests/*/rules.mk))
