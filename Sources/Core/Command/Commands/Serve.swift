import ArgumentParser
import DistillCore
import Foundation

/// Starts the program `distill-serve`, which is a package of its own, so that only those build an HTTP server who want one.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer over HTTP with finished runs.",
    discussion: """
      This starts the program distill-serve with the same arguments; `distill serve --help` is its help. It is built once, \
      in a checkout of swift-distill:

        \(build)

      It is looked for beside distill, in Server/.build/release of the checkout that distill was built in, and in PATH.

        distill serve runs/support-intents
        curl --json '{"texts": ["where is my parcel"]}' http://127.0.0.1:8080/predict
      """)

  private static let build = "swift build -c release --package-path Server --product distill-serve"
  private static let program = "distill-serve"

  @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("What distill-serve is given.", valueName: "argument"))
  var arguments: [String] = []

  func run() throws {
    guard let file = Self.candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      throw ContractError(
        "there is no program \(Self.program) beside distill, in Server/.build/release or in PATH; build it in the folder of "
          + "swift-distill: \(Self.build)")
    }
    // The program takes the place of this one, so that signals and the exit status are its own.
    var words = unsafe ([file.path] + arguments).map { unsafe strdup($0) } + [nil]
    unsafe execv(file.path, &words)
    throw ContractError("\(file.path) cannot be started: \(unsafe String(cString: strerror(errno)))")
  }

  /// The places of the program, the first choice first.
  private static var candidates: [URL] {
    let own = (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])).resolvingSymlinksInPath()
    var folders = [own.deletingLastPathComponent()]
    // A checkout has distill below its .build, however deep.
    var parent = folders[0]
    while parent.pathComponents.count > 1 {
      parent.deleteLastPathComponent()
      if FileManager.default.fileExists(atPath: parent.appending(path: "Server/Package.swift").path) {
        folders.append(parent.appending(path: "Server/.build/release"))
        break
      }
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    folders += path.split(separator: ":").map { URL(filePath: String($0)) }
    return folders.map { $0.appending(path: program) }
  }
}
