/* Ctrl-C and SIGTERM as a flag. Internal to the driver. */
#ifndef DAT_TRAIN_EXPERIMENT_SIGNALS_H
#define DAT_TRAIN_EXPERIMENT_SIGNALS_H

#include <signal.h>

/* From now on SIGINT and SIGTERM set the flag that is returned; processes forked later have their own. A
 * second SIGINT kills. SIGTERM may come any number of times, since some tools send it both to a process and
 * to its group. A write beyond the file size limit becomes an error instead of a signal. */
const volatile sig_atomic_t *dat_watch_stop_signals(void);

#endif
