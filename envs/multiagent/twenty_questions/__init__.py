"""Twenty questions: a guesser asks yes/no questions, an answerer answers, and both are paid."""
