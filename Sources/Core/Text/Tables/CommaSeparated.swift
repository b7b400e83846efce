/// Returns fields as a record of CSV (RFC 4180) without the end of its line. Fields are quoted where that is necessary.
package func commaSeparated(_ fields: [String], by separator: UInt8 = UInt8(ascii: ",")) -> String {
  let special = [separator, UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n")]
  return fields.map { field in
    guard field.utf8.contains(where: special.contains) else { return field }
    // Scalars are replaced, because a quotation mark and a combining mark after it are a single `Character`.
    return field.unicodeScalars.reduce(into: "\"") { $0 += $1 == "\"" ? "\"\"" : String($1) } + "\""
  }.joined(separator: String(UnicodeScalar(separator)))
}
