/// Why a run cannot begin.
public enum RunError: Error, CustomStringConvertible, Sendable {
  case notARun(String)
  case finished(String)
  case unfinished(String)
  /// With what is another than it was, a line each.
  case otherSettings(String, [String])
  case notAFolder(String, isFile: String)
  case notWritable(String)

  public var description: String {
    switch self {
    case .notARun(let path): "\(path) holds files that are not of a run; choose another output"
    case .notAFolder(let path, let file):
      path == file ? "\(path) is a file, not a folder" : "\(path) cannot be made: \(file) is no folder"
    case .notWritable(let path): "\(path) may not be written into"
    case .finished(let path): "\(path) holds a finished run; remove it or choose another --output"
    case .unfinished(let path):
      "\(path) holds a run that was stopped; go on with it by --resume, remove it, or choose another --output"
    case .otherSettings(let path, let differences):
      "\(path) holds a run of other settings or data:\n" + differences.prefix(10).map { "  \($0)\n" }.joined()
        + (differences.count > 10 ? "  and \(differences.count - 10) more\n" : "")
        + "undo that to go on with it, or run without --resume into another --output"
    }
  }
}
