/* The commands of `dat`. Each gets its own argument list (argv[0] is the command's name), prints what it did
 * and returns the exit status: 0 success, 1 failure, 2 wrong usage. */
#ifndef DAT_EXPERIMENTS_COMMANDS_H
#define DAT_EXPERIMENTS_COMMANDS_H

/* dat convert: a checkpoint in another layout. */
int command_convert(int argc, char **argv);

/* dat data: looks at a dataset or prepares it. */
int command_data(int argc, char **argv);

/* dat eval: the loss of a language model on a text. */
int command_eval(int argc, char **argv);

/* dat generate: text from a language model. */
int command_generate(int argc, char **argv);

/* dat inspect: looks into a trained model. */
int command_inspect(int argc, char **argv);

/* dat report: tables and figures from run files. */
int command_report(int argc, char **argv);

/* dat tokenizer: encodes, decodes, trains. */
int command_tokenizer(int argc, char **argv);

#endif
