/* libdat: train Dual Attention Transformers on a CPU. This header includes the whole library; reading it from
 * top to bottom is reading the library from its foundations up. lib/README.md shows a model built and trained
 * with it. */
#ifndef DAT_H
#define DAT_H

/* Errors as values; threads. */
#include "util/parallel.h"
#include "util/status.h"

/* Tensors, the tape, parameters, random streams. */
#include "core/gemm.h"
#include "core/params.h"
#include "core/rng.h"
#include "core/statistics.h"
#include "core/tape.h"
#include "core/tensor.h"

/* What forward passes are written in. */
#include "ops/ops.h"

/* Attention of both kinds, blocks, models. */
#include "models/baselines/abstractor.h"
#include "models/baselines/corelnet.h"
#include "models/baselines/predinet.h"
#include "models/hub.h"
#include "models/language.h"
#include "models/language_generate.h"
#include "models/language_loss.h"
#include "models/sampling.h"
#include "models/seq2seq.h"
#include "models/seq2seq_greedy.h"
#include "models/vision.h"
#include "nn/attention.h"
#include "nn/blocks.h"
#include "nn/decode_cache.h"
#include "nn/decoder_block.h"
#include "nn/disrca.h"
#include "nn/dual_attention.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"
#include "nn/position.h"
#include "nn/rca.h"
#include "nn/relational_attention.h"
#include "nn/symbols.h"

/* Optimisers, data, files. */
#include "data/augment.h"
#include "data/autoaugment.h"
#include "data/cifar.h"
#include "data/dataset.h"
#include "data/documents.h"
#include "data/image_folder.h"
#include "data/images.h"
#include "data/math.h"
#include "data/prefetch.h"
#include "data/relational_games.h"
#include "data/subset.h"
#include "data/token_shard.h"
#include "data/token_windows.h"
#include "data/token_writer.h"
#include "data/tokenizer.h"
#include "data/tokenizer_train.h"
#include "io/config.h"
#include "io/csv.h"
#include "io/file_map.h"
#include "io/image_file.h"
#include "io/npz.h"
#include "io/png.h"
#include "io/run_file.h"
#include "io/safetensors.h"
#include "io/table.h"
#include "io/weights.h"
#include "optim/adam.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

/* The training loop and the driver of experiment programs. */
#include "train/batch_loader.h"
#include "train/block_options.h"
#include "train/describe.h"
#include "train/experiment.h"
#include "train/train_options.h"
#include "train/trainer.h"

#endif
