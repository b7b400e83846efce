# Ten labelled questions of each intent of BANKING77, and all others without their labels. The draw d has the questions 10(d − 1) + 1 to 10 d
# of each intent in the training file, and where an intent has fewer, it goes on with the first ones. The file is read twice:
#
#   for d in 1 2 3; do awk -v draw=$d -v folder=data/banking77 -f Examples/results/ten.awk data/banking77/train.tsv data/banking77/train.tsv; done
BEGIN { FS = "\t"; labelled = folder "/ten-" draw ".tsv"; unlabelled = folder "/rest-" draw ".tsv" }
FNR == 1 { if (NR > 1) { print > labelled; print > unlabelled }; next }
FNR == NR { count[$2]++; next }
{ n = (seen[$2]++ - 10 * (draw - 1)) % count[$2]; if (n < 0) n += count[$2]; print > (n < 10 ? labelled : unlabelled) }
