# Means ± sample standard deviations over the draws of what later.sh has printed, as a table in Markdown:
#   awk -f Examples/results/means.awk later.tsv
BEGIN { FS = "\t"; columns = split("all known taught harmonic auroc", name, " ") }
FNR == 1 { next }
{
  key = $2 FS $3
  if (!(key in seen)) { seen[key] = 1; order[++rows] = key }
  for (i = 1; i <= columns; i++) if ($(3 + i) != "") { n[key, i]++; sum[key, i] += $(3 + i); squares[key, i] += $(3 + i) ^ 2 }
}
END {
  print "| texts each | row | all 77 | the 62 | the 15 | harmonic mean | AUROC |"
  print "|---:|---|---:|---:|---:|---:|---:|"
  for (r = 1; r <= rows; r++) {
    split(order[r], part, FS)
    line = "| " (part[1] == 100000 ? "all" : part[1]) " | " part[2]
    for (i = 1; i <= columns; i++) {
      count = n[order[r], i]; cell = ""
      if (count > 0) {
        mean = sum[order[r], i] / count
        variance = count > 1 ? (squares[order[r], i] - count * mean ^ 2) / (count - 1) : 0
        cell = sprintf("%.3f ± %.3f", mean, sqrt(variance > 0 ? variance : 0))
      }
      line = line " | " cell
    }
    print line " |"
  }
}
