/// The error that another process is running in the folder.
public struct FolderInUse: Error, CustomStringConvertible, Sendable {
  public let folder: String
  /// A description of the other process.
  public let holder: String
  public var description: String { "\(folder) is in use by \(holder); wait for it, or choose another --output" }
}
