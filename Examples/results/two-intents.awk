# Joins two questions each, with both intents: question i with question 7919·i + 13 (mod n). Prints JSON Lines.
BEGIN { FS = "\t"; n = 0 }
FNR > 1 { text[n] = $1; intent[n++] = $2 }
function quoted(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
END {
  for (i = 0; i < n / (halved ? 2 : 1); i++) {
    j = (7919 * i + 13) % n
    both = intent[i] == intent[j] ? quoted(intent[i]) : quoted(intent[i]) ", " quoted(intent[j])
    print "{\"text\": " quoted(text[i] " " text[j]) ", \"labels\": [" both "]}"
  }
}
