// What a compute child asks of the kernel.
#pragma once

/// Ends this process with SIGKILL when the thread that started it ends. 0, or errno.
int clinux_die_with_parent(void);
/// Moves one thread (0: the caller) to the batch scheduling class. 0, or errno.
int clinux_schedule_batch(int thread);
