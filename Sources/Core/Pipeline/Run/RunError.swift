/// The reasons why a run cannot begin, or why its folder or that of an exported model cannot be written.
public enum RunError: Error, CustomStringConvertible, Sendable {
  /// The folder contains files that no run has written.
  case notARun(String)
  /// The folder for an exported model contains something.
  case occupied(String)
  /// The folder contains a finished run.
  case finished(String)
  /// The folder contains a run that was interrupted, and resuming was not requested.
  case unfinished(String)
  /// The run to resume has other settings or data. The differences are given one to a line.
  case otherSettings(String, [String])
  /// The path, or a path above it, is a file.
  case notAFolder(String, isFile: String)
  /// The folder, or the one in which it would be created, does not permit writing.
  case notWritable(String)

  public var description: String {
    switch self {
    case .notARun(let path): "\(path) holds files that are not of a run; choose another output"
    case .occupied(let path): "\(path) holds files already; choose another --output, or remove what is there"
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
