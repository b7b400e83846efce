@main struct Distill { static func main() {} }
