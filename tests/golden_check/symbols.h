/* Arguments of symbol retrievers, which models nest. */
#ifndef TESTS_GOLDEN_CHECK_SYMBOLS_H
#define TESTS_GOLDEN_CHECK_SYMBOLS_H

#include "golden_check/run.h"
#include "nn/symbols.h"

/* The arguments of the retriever config->kind. */
void golden_read_retriever(golden_arguments *arguments, dat_retriever_config *config);

/* The arguments of a model that say where its symbols come from: symbol_retrieval, symbol_retrieval_kwargs.
 */
void golden_read_symbols(golden_run *run, golden_arguments *arguments, dat_retriever_config *config);

#endif
