/* Answers mathematics problems from their text alone: the oracle of generated and of published answers. */
#ifndef TESTS_SUPPORT_MATH_SOLVE_H
#define TESTS_SUPPORT_MATH_SOLVE_H

#include <stdbool.h>

enum { MATH_ANSWER_SIZE = 512 };

/* Writes the answer to a question of any of the five modules; false for a text that it does not understand or
 * that has no single answer. */
bool math_solve(const char *question, char answer[MATH_ANSWER_SIZE]);

#endif
