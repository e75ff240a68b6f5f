// What a compute child asks of the kernel.
#pragma once

/// Ends this process with SIGKILL when the thread that started it ends. 0, or errno.
int linux_die_with_parent(void);
/// Moves one thread (0: the caller) to the idle scheduling class: it runs when nothing else wants to. 0, or errno.
int linux_schedule_idle(int thread);
/// Adds to a `posix_spawn_file_actions_t`: the child closes every descriptor from `first` on.
/// 0, or errno.
int linux_spawn_close_from(void *file_actions, int first);
