/// Another process runs in the folder.
public struct FolderInUse: Error, CustomStringConvertible, Sendable {
  public let folder: String
  public let holder: String
  public var description: String { "\(folder) is in use by \(holder); wait for it, or choose another --output" }
}
