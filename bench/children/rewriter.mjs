// Another process that replaces session files by others, as an editor or another server does.
import fs from 'node:fs'

process.on('message', (files) => {
  for (const file of files) {
    const before = fs.readFileSync(file, 'utf8')
    const after = before.replace(/Lovelac./, (name) =>
      name.endsWith('e') ? 'Lovelac!' : 'Lovelace',
    )
    if (after === before) throw new Error(`Nothing to change in ${file}`)
    fs.writeFileSync(`${file}.new`, after, { mode: 0o600 })
    fs.renameSync(`${file}.new`, file)
  }
  process.send('done')
})
