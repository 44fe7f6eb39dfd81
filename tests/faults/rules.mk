# What happens to the whole system when a part of it fails: disks, servers,
# drivers, the kernel's own process.  WORD=part-of-a-name runs only tests whose
# names have it; ROUNDS=N kills the machine so often.

FAULTS_INSIDE := $(addprefix $(B)/tests/files/,exerciser beside)

.PHONY: faults-tests
faults-tests: all $(B)/tests/mach/dma $(FAULTS_INSIDE)
	$(Q)python3 tests/faults/run.py ./hell $(B) $(WORD)

SUITES += faults-tests
TEST_PROGRAMS += $(B)/tests/mach/dma

.PHONY: torture faults-torture
faults-torture: all $(FAULTS_INSIDE)
	$(Q)ROUNDS=200 KILLS=200 python3 tests/faults/run.py ./hell $(B) killed

torture: faults-torture
