#include "train/sweep.h"

#include <stdlib.h>

#include "util/memory.h"

dat_sweep_table dat_sweep_list(const dat_session *session)
{
    const dat_options *options = &session->options;
    dat_sweep_table table = {.n_runs = 0};
    table.runs = dat_allocate((size_t)session->config.n_runs, sizeof *table.runs);
    for (int64_t i = options->shard - 1; i < session->config.n_runs; i += options->n_shards)
        table.runs[table.n_runs++].task = dat_session_task(session, i);
    return table;
}

void dat_sweep_table_free(dat_sweep_table *table)
{
    free(table->runs);
    *table = (dat_sweep_table){.n_runs = 0};
}

int64_t dat_sweep_count(const dat_sweep_table *table, dat_sweep_state state)
{
    int64_t count = 0;
    for (int64_t i = 0; i < table->n_runs; i++)
        count += table->runs[i].state == state;
    return count;
}

static int64_t find_state(const dat_sweep_table *table, dat_sweep_state state)
{
    for (int64_t i = 0; i < table->n_runs; i++)
        if (table->runs[i].state == state)
            return i;
    return -1;
}

int64_t dat_sweep_next(const dat_sweep_table *table)
{
    int64_t waiting = find_state(table, DAT_SWEEP_WAITING);
    return waiting >= 0 ? waiting : find_state(table, DAT_SWEEP_BUSY);
}

dat_work dat_sweep_work(const dat_sweep_table *table)
{
    dat_work work = {0};
    int64_t n_told = 0, n_silent = 0;
    double told = 0;
    for (int64_t i = 0; i < table->n_runs; i++) {
        const dat_sweep_run *run = &table->runs[i];
        bool over = run->state == DAT_SWEEP_FAILED || run->state == DAT_SWEEP_COMPLETE;
        work.done += (double)run->step;
        work.inherited += (double)run->first_step;
        work.total += (double)(over ? run->step : run->total_steps);
        told += (double)run->total_steps;
        n_told += run->total_steps > 0;
        n_silent += run->total_steps == 0 && !over;
    }
    if (n_told > 0)
        work.total += told / (double)n_told * (double)n_silent;
    return work;
}
