int distill_placeholder;
