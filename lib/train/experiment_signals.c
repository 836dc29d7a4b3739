#include "train/experiment_signals.h"

#include <stddef.h>

/* A signal handler reaches nothing but statics. */
static volatile sig_atomic_t stop_requested;

static void request_stop(int number)
{
    (void)number;
    stop_requested = 1;
}

const volatile sig_atomic_t *dat_watch_stop_signals(void)
{
    struct sigaction on_term = {.sa_handler = request_stop, .sa_flags = SA_RESTART};
    struct sigaction on_interrupt = {.sa_handler = request_stop,
                                     .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &on_term, NULL);
    sigaction(SIGINT, &on_interrupt, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    return &stop_requested;
}
